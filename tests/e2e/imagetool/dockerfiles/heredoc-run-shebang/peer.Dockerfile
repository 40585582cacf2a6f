FROM creel.test/base:1
RUN echo "awk 42" >/out
RUN echo EOT >/name; echo tabs >/tabs
