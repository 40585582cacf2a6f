# escape=\
FROM creel.test/base:1
RUN echo directives >/out
