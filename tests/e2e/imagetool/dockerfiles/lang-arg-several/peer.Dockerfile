FROM creel.test/base:1
ARG A=1
ARG B="two words"
ARG C
ARG D=${A}3
ARG E='$A'
RUN echo "$A|$B|$C|$D|$E" >/out
