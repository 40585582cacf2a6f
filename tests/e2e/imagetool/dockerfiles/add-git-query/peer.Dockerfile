FROM creel.test/base:1
ARG FROM_HOST
COPY repo /repo
COPY tagged /tagged
COPY sub /sub
