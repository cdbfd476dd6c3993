#define _GNU_SOURCE
#include "CLinuxPacketFilter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Appends a message to a batch; returns its end. `name` is its only attribute, or null. */
static char *append(char *at, uint16_t type, uint16_t flags, uint8_t family, uint16_t resource, const char *name) {
    struct nlmsghdr *head = (struct nlmsghdr *)at;
    struct nfgenmsg *message = NLMSG_DATA(head);
    head->nlmsg_len = NLMSG_LENGTH(sizeof *message);
    head->nlmsg_type = type;
    head->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nfgen_family = family;
    message->version = NFNETLINK_V0;
    message->res_id = htons(resource);
    if (name) {
        struct nlattr *attribute = (struct nlattr *)(at + NLMSG_ALIGN(head->nlmsg_len));
        attribute->nla_type = NFTA_TABLE_NAME;
        attribute->nla_len = NLA_HDRLEN + strlen(name) + 1;
        memcpy((char *)attribute + NLA_HDRLEN, name, strlen(name) + 1);
        head->nlmsg_len = NLMSG_ALIGN(head->nlmsg_len) + NLA_ALIGN(attribute->nla_len);
    }
    return at + NLMSG_ALIGN(head->nlmsg_len);
}

int blt_nft_delete_table(int network_namespace, const char *name) {
    _Alignas(struct nlmsghdr) char buffer[4096] = {0};
    if (strlen(name) >= NFT_TABLE_MAXNAMELEN) return -ENAMETOOLONG;
    if (setns(network_namespace, CLONE_NEWNET) != 0) return -errno;
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (netlink < 0) return -errno;
    char *end = append(buffer, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, NULL);
    end = append(end, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_ACK, NFPROTO_INET, 0, name);
    end = append(end, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES, NULL);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int result = 0;
    if (sendto(netlink, buffer, (size_t)(end - buffer), 0, (struct sockaddr *)&kernel, sizeof kernel) < 0) {
        result = -errno;
    } else {
        /* The batch is worked off before sendto returns: the answer is there. A kernel without nf_tables answers to the
           whole batch. */
        long length = recv(netlink, buffer, sizeof buffer, MSG_DONTWAIT);
        struct nlmsghdr *head = (struct nlmsghdr *)buffer;
        if (length < 0) {
            result = -errno;
        } else if (length >= (long)NLMSG_LENGTH(sizeof(struct nlmsgerr)) && head->nlmsg_type == NLMSG_ERROR) {
            result = ((struct nlmsgerr *)NLMSG_DATA(head))->error;
        } else {
            result = -EPROTO;
        }
    }
    close(netlink);
    return result;
}
