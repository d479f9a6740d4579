# The ladder is there, exactly one level is used, and EDGEWISE_CPU caps it.
one_used() {
    n=$(edgewise devices | grep -c ', used$')
    [ "$n" -eq 1 ] || { echo "$n levels are used"; edgewise devices; }
}
one_used
EDGEWISE_CPU=scalar edgewise devices | grep '^  scalar '
