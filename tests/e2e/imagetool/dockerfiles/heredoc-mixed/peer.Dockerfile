FROM creel.test/base:1
COPY both /out/
ADD added /added
RUN echo "piped $HOME" >/piped && echo after >/after
