from activities.admin import activities, duties, effect, minutes, programs

__all__ = ["activities", "duties", "effect", "minutes", "programs"]
from activities.admin import activities, appraisals, duties, effect, programs

__all__ = ["activities", "appraisals", "duties", "effect", "programs"]
