FROM creel.test/base:1
RUN echo one >/out; echo "two $HOME" >>/out; for i in 3 4; do echo $i >>/out; done
RUN echo "inner $((1 + 1))" >/file
