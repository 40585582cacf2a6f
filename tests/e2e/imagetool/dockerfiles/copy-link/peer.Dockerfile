FROM creel.test/base:1
COPY f /new/place/f
COPY dir /srv/tree/
COPY --chown=5:6 --chmod=600 f /owned
RUN cat /new/place/f >/seen
