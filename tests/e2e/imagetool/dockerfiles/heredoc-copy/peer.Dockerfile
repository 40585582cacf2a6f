FROM creel.test/base:1
ARG WHO=world
COPY greeting /greeting
COPY raw /raw
COPY TABS /dir/
COPY both /both/
COPY --chmod=755 --chown=3:4 script /script
