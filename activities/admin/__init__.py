from activities.admin import activities, appraisals, duties, effect, minutes, programs

__all__ = ["activities", "appraisals", "duties", "effect", "minutes", "programs"]
