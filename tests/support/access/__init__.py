"""The access matrix: every route and method, asked by everybody for what is theirs and for what is not.

`installation` opens the real services, `region` fills two of them with things that can be recognised, `asks` says how
each route is asked for them, `cells` what is expected of whom, and `watch` what was changed.
"""
