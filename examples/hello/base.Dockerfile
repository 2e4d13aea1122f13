# A base image of one program, busybox, for every CPU. base.sh lays out the context: a folder for
# each CPU with its busybox in it.
FROM scratch
ARG TARGETARCH
COPY ${TARGETARCH}/busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /etc /root /srv /tmp /usr/bin \
 && chmod 1777 /tmp \
 && chmod 700 /root \
 && echo 'root:x:0:0:root:/root:/bin/sh' > /etc/passwd \
 && echo 'nobody:x:65534:65534:nobody:/srv:/bin/sh' >> /etc/passwd \
 && echo 'root:x:0:' > /etc/group \
 && echo 'nobody:x:65534:' >> /etc/group
ENV PATH=/usr/bin:/bin
CMD ["sh"]
