"""The audit file of a report: a zip that is read without our software, with the program in it that checks it."""
