"""``skface demo``."""

from skface.demo import run_demo


def run(args):
    run_demo(args.data, args.weights, args.output, verbose=int(not args.quiet))
