"""Process rewards: which step of a response is good, who can tell, and what knowing it is worth (ViLBench).

steps          where one step ends and the next begins, reversibly
aggregate      step scores as one number
select         best of N, weighted vote, and what stands beside them
pool           candidates, sampled once
truth, judged, trained, step_head   step scorers behind one call; scorers builds them from a config
score          pools through a scorer, resumable
best_of_n      the benchmark: scorers x aggregations x generators x N, with intervals
findings       what the paper reads off it: averages over scorers, by data set, own accuracy against worth as a scorer
construct      which items prefer process scoring
collect/       step labels: Monte Carlo, binary search, tree, judge, agreement, outcome; what they cost; rows on disk
train          a process reward model from labelled traces: prm_config its settings, targets what is learnt of the
               labels, objective the losses, calibrate what makes its scores mean shares
first_error, step_benchmarks, calibration, probes, world_steps   how good a scorer is, step by step; measure runs it
claims, drop   use: what of a response is a step whoever laid it out, and a term of a reward that pays for nothing
beam           use: search while writing
settings, run, shown   what the commands take, do and print
"""
