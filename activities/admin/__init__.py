from activities.admin import activities, duties, programs

__all__ = ["activities", "duties", "programs"]
