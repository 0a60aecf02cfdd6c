"""Where things stand in the sheet, the same for who writes it and who reads it."""

SHEETS = {"nl": "Formulier", "en": "Form"}
CODE_CELL, VERSION_CELL = "B2", "B3"
HEADER_ROW = 8
FIRST_ROW = HEADER_ROW + 1
COLUMNS = 12
MOST_ROWS = 1_000
YEAR, TERM, ASKED, PLEDGED = 2, 3, 4, 8
"""Columns, from 0: line and title come first; asked and pledged are four each: hours, material, facilities, cash."""
