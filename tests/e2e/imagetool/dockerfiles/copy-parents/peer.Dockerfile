FROM creel.test/base:1
COPY one /out/
COPY two /pivot/
COPY three /texts/
COPY four ./
