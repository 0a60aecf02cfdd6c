"""The form as a spreadsheet: written for an organisation to fill in, and read when it comes back."""

from services.funding.form_file.reading import read
from services.funding.form_file.writing import MEDIA_TYPE, FormSheet, write

__all__ = ["MEDIA_TYPE", "FormSheet", "read", "write"]
