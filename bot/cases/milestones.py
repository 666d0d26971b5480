"""The steps of a case in order, from the first mention of a family to its arrival.

A person's step may also go back (an answer is taken back, an interview is moved): the order only says what comes next.
Each name has its words in domain.yml, as utter_milestone_NAME.
"""

from __future__ import annotations

MILESTONES = (
    "referred",
    "accepted",
    "papers_gathering",
    "application_filed",
    "application_approved",
    "interview_set",
    "visa_issued",
    "travel_booked",
    "travelled",
    "arrived",
)


def next_after(name: str) -> str | None:
    """The step that usually follows; None after the last. Raises ValueError for a name that is no milestone."""
    following = MILESTONES.index(name) + 1
    return MILESTONES[following] if following < len(MILESTONES) else None
