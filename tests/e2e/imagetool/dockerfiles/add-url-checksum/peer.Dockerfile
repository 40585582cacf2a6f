FROM creel.test/base:1
ARG FROM_HOST
ADD http://${FROM_HOST}/file.txt /file
