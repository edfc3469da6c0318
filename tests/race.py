"""Calls that meet: each in its own thread with its own connection."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.core.exceptions import ValidationError
from django.db import connection

TIMEOUT_SECONDS = 20


def race(call, subjects):
    """Call `call(subject)` for all subjects at the same moment; what each gave, in order.

    A refusal is given as its codes, sorted and joined by spaces. Any other error is
    raised. For tests with `django_db(transaction=True)` only: the threads see what was
    committed.
    """
    subjects = list(subjects)
    barrier = Barrier(len(subjects), timeout=TIMEOUT_SECONDS)

    def run(subject):
        try:
            connection.ensure_connection()
            with connection.cursor() as cursor:
                # A deadlock or a lock that is never given fails the test, not the run.
                cursor.execute("SET lock_timeout = '15s'")
            barrier.wait()
            return call(subject)
        except ValidationError as refusal:
            return " ".join(sorted(codes(refusal)))
        finally:
            connection.close()

    with ThreadPoolExecutor(len(subjects)) as pool:
        return list(pool.map(run, subjects))


def codes(refusal: ValidationError) -> set[str]:
    """The codes of a refusal, those inside it included."""
    if hasattr(refusal, "error_dict"):
        return {
            code
            for errors in refusal.error_dict.values()
            for error in errors
            for code in codes(error)
        }
    if len(refusal.error_list) == 1 and refusal.error_list[0] is refusal:
        return {refusal.code}
    return {code for error in refusal.error_list for code in codes(error)}
