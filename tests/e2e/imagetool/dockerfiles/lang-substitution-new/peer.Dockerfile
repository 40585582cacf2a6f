FROM creel.test/base:1
ENV V=foo-bar-foo P=/usr/local/lib/x.tar.gz EMPTY=
ENV 1=-bar-foo 2=foo 3=foo-bar- 4=foo 5=x-bar-foo 6=x-bar-x 7=x.tar.gz 8=/usr/local/lib/x.tar 9=/usr/local/lib/x
ENV 10=d 11= 12=foo-bar-foo 13= 14=s 15=s 16=foo-bar-foo 17=usr/local/lib/x.tar.gz
ENV 18=z-bar-foo 19=f-bar-f 20=foo-bar-foo
