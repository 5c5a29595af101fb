/* base/version.h - the version every program says with --version. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define AFTERCHECK_VERSION "0.1.0"

#endif
