# PROJ_KEEP_FLAGS(VARIABLE, FLAGS) - append to VARIABLE each flag the compiler accepts.
AC_DEFUN([PROJ_KEEP_FLAGS], [
  for flag in m4_normalize([$2]); do
    saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS -Werror -Wformat $flag" # some flags mean nothing without -Wformat
    AC_MSG_CHECKING([whether $CC accepts $flag])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); $1="$$1 $flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$saved_cflags
  done
  AC_SUBST([$1])
])

# PROJ_KEEP_LINK_FLAGS(VARIABLE, FLAGS) - the same for the linker.
AC_DEFUN([PROJ_KEEP_LINK_FLAGS], [
  for flag in m4_normalize([$2]); do
    saved_ldflags=$LDFLAGS
    saved_cflags=$CFLAGS
    CFLAGS="$CFLAGS -fPIE"
    LDFLAGS="$LDFLAGS $flag"
    AC_MSG_CHECKING([whether the linker accepts $flag])
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); $1="$$1 $flag"],
      [AC_MSG_RESULT([no])])
    LDFLAGS=$saved_ldflags
    CFLAGS=$saved_cflags
  done
])

# PROJ_CHECK_STATIC(LIBS, IF-YES, IF-NO) - can a static (position-independent) program use LIBS?
# Sets STATIC_LDFLAGS.
AC_DEFUN([PROJ_CHECK_STATIC], [
  STATIC_LDFLAGS=
  for flag in -static-pie -static; do
    saved_ldflags=$LDFLAGS
    saved_cflags=$CFLAGS
    saved_libs=$LIBS
    test "x$flag" = x-static-pie && CFLAGS="$CFLAGS -fPIE"
    LDFLAGS="$LDFLAGS $flag"
    LIBS="$LIBS $1"
    AC_MSG_CHECKING([whether programs can be linked with $flag])
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); test -n "$STATIC_LDFLAGS" || STATIC_LDFLAGS=$flag],
      [AC_MSG_RESULT([no])])
    LDFLAGS=$saved_ldflags
    CFLAGS=$saved_cflags
    LIBS=$saved_libs
  done
  AS_IF([test -n "$STATIC_LDFLAGS"], [$2], [$3])
])
