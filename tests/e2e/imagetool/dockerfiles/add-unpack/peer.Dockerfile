FROM creel.test/base:1
ARG FROM_HOST
ADD archive.tar.gz /unpacked/
COPY local.tar /kept/
