FROM creel.test/base:1
RUN echo lo >/1
RUN echo up >/2
