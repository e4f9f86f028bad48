"""The planner: what a training will take and what will go wrong with it, said before anything is launched.

recipe      what a recipe file holds (in ``study.recipe``)
hardware    devices by name, with their memory and speed
samples     tokens per sample, counted where model and data are on disk, else expected
memory      bytes per device, by what they are for
effort      floating-point operations, and hours
versions    installed packages that are known to break
checks      what stands between a recipe and its launch
tasks       the trainings of a recipe or a study, and what is missing for them
plan        all of it, for one recipe
"""
