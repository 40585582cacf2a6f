FROM creel.test/base:1
RUN false
