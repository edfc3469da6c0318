from activities.admin import activities, duties

__all__ = ["activities", "duties"]
