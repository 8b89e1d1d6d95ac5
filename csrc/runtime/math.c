// runtime/math.c: what std.math takes from the C library. Domain errors give nan, overflow an infinity; errno is nobody's.
#include "runtime/runtime_internal.h"
#include <math.h>

double si_math_cbrt(SiTask *task, double x) { return (void)task, cbrt(x); }
double si_math_exp(SiTask *task, double x) { return (void)task, exp(x); }
double si_math_exp2(SiTask *task, double x) { return (void)task, exp2(x); }
double si_math_log(SiTask *task, double x) { return (void)task, log(x); }
double si_math_log2(SiTask *task, double x) { return (void)task, log2(x); }
double si_math_log10(SiTask *task, double x) { return (void)task, log10(x); }
double si_math_sin(SiTask *task, double x) { return (void)task, sin(x); }
double si_math_cos(SiTask *task, double x) { return (void)task, cos(x); }
double si_math_tan(SiTask *task, double x) { return (void)task, tan(x); }
double si_math_asin(SiTask *task, double x) { return (void)task, asin(x); }
double si_math_acos(SiTask *task, double x) { return (void)task, acos(x); }
double si_math_atan(SiTask *task, double x) { return (void)task, atan(x); }
double si_math_atan2(SiTask *task, double y, double x) { return (void)task, atan2(y, x); }
double si_math_sinh(SiTask *task, double x) { return (void)task, sinh(x); }
double si_math_cosh(SiTask *task, double x) { return (void)task, cosh(x); }
double si_math_tanh(SiTask *task, double x) { return (void)task, tanh(x); }
double si_math_hypot(SiTask *task, double x, double y) { return (void)task, hypot(x, y); }
