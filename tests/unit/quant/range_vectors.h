/* Made by make_range_vectors.py: do not edit. */
#define RANGE_N            500
#define RANGE_K            40
#define RANGE_MINMAX       1.79527559
#define RANGE_P999         0.221948819
#define RANGE_P9999        1.07874016
#define RANGE_MSE          1.64627498
#define RANGE_LEAST_ERROR  4811.96028
#define RANGE_MINMAX_ERROR 5357.14114
