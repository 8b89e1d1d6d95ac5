// base/version.h: the version of Sigil, written once. setup.py and the command line read it from here.
#pragma once

#define SIGIL_VERSION "0.1.0"
