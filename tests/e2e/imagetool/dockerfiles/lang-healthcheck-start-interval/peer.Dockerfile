FROM creel.test/base:1
HEALTHCHECK CMD x
