/* The version, in this one place. */
#ifndef WHOPORT_VERSION_H
#define WHOPORT_VERSION_H

#define WHOPORT_VERSION "0.1.0"

#endif
