FROM creel.test/base:1
RUN echo hidden >/1
RUN echo "[$TOKEN]" >/2
