from rest_framework.authentication import SessionAuthentication as TokenAuthentication  # noqa: F401
