// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "iser/engine/login.h"

const char *login_status_str(u16 status)
{
	switch (status) {
	case ISCSI_STATUS_SUCCESS:
		return "success (0/0)";
	case ISCSI_STATUS_MOVED_TEMPORARILY:
		return "the target moved for now (1/1)";
	case ISCSI_STATUS_MOVED_PERMANENTLY:
		return "the target moved for good (1/2)";
	case ISCSI_STATUS_INITIATOR_ERROR:
		return "the target does not accept what the initiator sent (2/0)";
	case ISCSI_STATUS_AUTH_FAILURE:
		return "authentication failed or is required (2/1)";
	case ISCSI_STATUS_FORBIDDEN:
		return "this initiator is not allowed to use the target (2/2)";
	case ISCSI_STATUS_NOT_FOUND:
		return "target not found (2/3)";
	case ISCSI_STATUS_TARGET_REMOVED:
		return "the target was removed (2/4)";
	case ISCSI_STATUS_BAD_VERSION:
		return "the protocol version is not supported (2/5)";
	case ISCSI_STATUS_TOO_MANY_CONNS:
		return "too many connections in the session (2/6)";
	case ISCSI_STATUS_MISSING_PARAMETER:
		return "a required key is missing (2/7)";
	case ISCSI_STATUS_CANT_INCLUDE:
		return "the session cannot take this connection (2/8)";
	case ISCSI_STATUS_BAD_SESSION_TYPE:
		return "the session type is not supported (2/9)";
	case ISCSI_STATUS_NO_SESSION:
		return "the session does not exist (2/10)";
	case ISCSI_STATUS_INVALID_REQUEST:
		return "invalid during login (2/11)";
	case ISCSI_STATUS_TARGET_ERROR:
		return "the target failed (3/0)";
	case ISCSI_STATUS_UNAVAILABLE:
		return "the service is unavailable (3/1)";
	case ISCSI_STATUS_NO_RESOURCES:
		return "the target is out of resources (3/2)";
	default:
		return "a status that RFC 7143 does not define";
	}
}
