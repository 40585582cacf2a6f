FROM creel.test/base:1
COPY one /out/
COPY two /sub/
COPY three /nosub/
