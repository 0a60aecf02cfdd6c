"""What a region folder may say. Money is in cents, worked time in minutes, days are ISO dates in the region's zone.

Every item says where it comes from: `provenance: public`, with its `source`, or `invented`.
"""

from cli.region.model.activities import ActivitiesFile, Attendance, Import, Lesson, LessonRequest, Offer
from cli.region.model.funding import Allocation, Grant, Pledge, PledgeLine, Sender, Statement, Supplement
from cli.region.model.later import FormLine, Later, LaterClaim, LaterFile, LaterForm
from cli.region.model.partners import (
    Agreement,
    AgreementParty,
    Membership,
    Milestone,
    Organisation,
    Person,
    Programme,
    UmbrellaMandate,
)
from cli.region.model.region import Region, RegionFile

__all__ = [
    "ActivitiesFile",
    "Agreement",
    "AgreementParty",
    "Allocation",
    "Attendance",
    "FormLine",
    "Grant",
    "Import",
    "Later",
    "LaterClaim",
    "LaterFile",
    "LaterForm",
    "Lesson",
    "LessonRequest",
    "Membership",
    "Milestone",
    "Offer",
    "Organisation",
    "Person",
    "Pledge",
    "PledgeLine",
    "Programme",
    "Region",
    "RegionFile",
    "Sender",
    "Statement",
    "Supplement",
    "UmbrellaMandate",
]
