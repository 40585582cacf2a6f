FROM creel.test/base:1
COPY --chmod=644 f /f
COPY --chmod=755 f /x
COPY dir /dir
COPY private /private
