"""seethink: teach vision-language models to see, then think.

Read the packages in this order and you have read the story: core, answers, teachers, world, models, data, rewards,
training, evaluation, study, analysis, cli. Importing ``seethink`` imports none of them, and never torch.
"""

__version__ = "0.1.0"
