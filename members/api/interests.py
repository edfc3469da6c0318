"""The caller's own interests."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from members.models import Interest
from members.services import interests


class InterestsSerializer(serializers.Serializer):
    interests = serializers.ListField(
        child=serializers.ChoiceField(choices=Interest.choices),
        max_length=len(Interest),
    )


class OwnInterestsView(APIView):
    @extend_schema(summary=_("Your interests"), responses=InterestsSerializer)
    def get(self, request):
        return self.answer(self.member(request))

    @extend_schema(
        summary=_("Choose your interests, in the place of those that stand"),
        request=InterestsSerializer,
        responses=InterestsSerializer,
    )
    def put(self, request):
        member = self.member(request)
        sent = InterestsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        interests.choose(member, sent.validated_data["interests"])
        return self.answer(member)

    def member(self, request):
        if request.user.member is None:
            self.permission_denied(request)
        return request.user.member

    def answer(self, member):
        found = sorted(member.interests.values_list("interest", flat=True))
        return Response({"interests": found})
