from activities.admin import activities, duties, effect, minutes, programs

__all__ = ["activities", "duties", "effect", "minutes", "programs"]
