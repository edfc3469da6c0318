from activities.admin import activities, duties, effect, programs

__all__ = ["activities", "duties", "effect", "programs"]
