# What __init__.py imports lazily, system by system of the survey.
