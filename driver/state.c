// SPDX-License-Identifier: GPL-2.0
/*
 * The migration state machine.
 *
 * The core's vfio_mig_get_next_state() knows which arcs lead from one state to
 * another with the flags of the device; here is what each arc does. Quotations
 * are from include/uapi/linux/vfio.h, and from include/linux/vfio.h about the
 * end of a session.
 *
 * The device has no engine of its own: it neither starts DMA nor changes its
 * memory unless somebody writes to it. Many arcs have nothing to stop for that
 * reason, and none can leave the device undefined: what can fail, fails before
 * anything was changed. So this driver never enters VFIO_DEVICE_STATE_ERROR.
 */

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "compat.h"
#include "ivshmem.h"

/* Sessions */

struct ivshmem_stream *
ivshmem_stream_create(struct ivshmem_device *idev, const struct file_operations *fops, int flags)
{
	struct ivshmem_stream *stream;
	int ret;

	stream = kzalloc_obj(*stream, GFP_KERNEL_ACCOUNT);
	if (!stream)
		return ERR_PTR(-ENOMEM);

	stream->buf = kvmalloc(IVSHMEM_BUF_SIZE, GFP_KERNEL_ACCOUNT);
	if (!stream->buf) {
		ret = -ENOMEM;
		goto err_free;
	}

	stream->idev = idev;
	stream->crc = ~0;
	mutex_init(&stream->lock);
	init_waitqueue_head(&stream->poll_wait);

	stream->filp = anon_inode_getfile("ivshmem_vfio_mig", fops, stream, flags);
	if (IS_ERR(stream->filp)) {
		ret = PTR_ERR(stream->filp);
		goto err_buf;
	}
	/* a stream has no position: ESPIPE for pread() and lseek() */
	stream_open(stream->filp->f_inode, stream->filp);
	get_device(&idev->core.vdev.device);
	return stream;

err_buf:
	mutex_destroy(&stream->lock);
	kvfree(stream->buf);
err_free:
	kfree(stream);
	return ERR_PTR(ret);
}

/* The last reference to the file is gone; the session ended before that. */
int ivshmem_stream_release(struct ivshmem_stream *stream)
{
	struct vfio_device *vdev = &stream->idev->core.vdev;

	mutex_destroy(&stream->lock);
	kvfree(stream->buf);
	kfree(stream);
	vfio_put_device(vdev);
	return 0;
}

bool ivshmem_stream_dead(struct ivshmem_stream *stream)
{
	bool dead;

	spin_lock(&stream->idev->lock);
	dead = stream->dead;
	spin_unlock(&stream->idev->lock);
	return dead;
}

/* Whoever waits is woken, and finds the session over. */
static void kill_stream(struct ivshmem_stream *stream)
{
	lockdep_assert_held(&stream->idev->lock);
	stream->dead = true;
	wake_up_interruptible_poll(&stream->poll_wait,
				   EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
}

static void kill_sessions(struct ivshmem_device *idev)
{
	spin_lock(&idev->lock);
	if (idev->saving)
		kill_stream(idev->saving);
	if (idev->resuming)
		kill_stream(idev->resuming);
	ivshmem_track_stop(idev);
	spin_unlock(&idev->lock);
}

/* Drop the driver's references to sessions that have been killed. */
static void forget_sessions(struct ivshmem_device *idev)
{
	struct ivshmem_stream *saving, *resuming;

	lockdep_assert_held(&idev->state_mutex);

	spin_lock(&idev->lock);
	saving = idev->saving;
	resuming = idev->resuming;
	idev->saving = NULL;
	idev->resuming = NULL;
	spin_unlock(&idev->lock);

	if (saving)
		fput(saving->filp);
	if (resuming)
		fput(resuming->filp);
}

/*
 * "The driver is responsible to ensure that FD reaches end of stream or error
 * whenever the migration FSM leaves a data transfer state or before
 * close_device() returns." On return no read() or write() is using the device.
 */
static void end_sessions(struct ivshmem_device *idev)
{
	mutex_lock(&idev->access);
	kill_sessions(idev);
	mutex_unlock(&idev->access);
	forget_sessions(idev);
}

/* A new saving session. The caller's reference is the user's. */
static struct file *start_saving(struct ivshmem_device *idev, bool stopped)
{
	struct ivshmem_stream *stream = ivshmem_save_open(idev);

	if (IS_ERR(stream))
		return ERR_CAST(stream);

	get_file(stream->filp);
	spin_lock(&idev->lock);
	stream->stopped = stopped;
	idev->saving = stream;
	ivshmem_track_start(idev);
	spin_unlock(&idev->lock);
	return stream->filp;
}

static struct file *start_resuming(struct ivshmem_device *idev)
{
	struct ivshmem_stream *stream = ivshmem_resume_open(idev);

	if (IS_ERR(stream))
		return ERR_CAST(stream);

	get_file(stream->filp);
	spin_lock(&idev->lock);
	idev->resuming = stream;
	spin_unlock(&idev->lock);
	return stream->filp;
}

/* Arcs */

/*
 * One arc. Returns the file of a session that it starts, NULL, or an error
 * with the state as before.
 */
static struct file *
ivshmem_step_locked(struct ivshmem_device *idev, enum vfio_device_mig_state next)
{
	enum vfio_device_mig_state cur = idev->state;

	lockdep_assert_held(&idev->state_mutex);

	/*
	 * "The RUNNING_P2P and PRE_COPY_P2P states must prevent the device from
	 * initiating any new P2P DMA transactions", and the driver "must
	 * complete any such outstanding operations prior to completing the FSM
	 * arc into a P2P state". There never are any. Writes to the BAR go on:
	 * "the device is partially running".
	 */
	if (cur == VFIO_DEVICE_STATE_RUNNING && next == VFIO_DEVICE_STATE_RUNNING_P2P)
		return NULL;

	/* "The device is fully operational": there was nothing to hold back. */
	if (cur == VFIO_DEVICE_STATE_RUNNING_P2P && next == VFIO_DEVICE_STATE_RUNNING)
		return NULL;

	/*
	 * "Entering PRE_COPY_P2P continues all the behaviors of PRE_COPY"; as
	 * for P2P, see RUNNING -> RUNNING_P2P.
	 */
	if (cur == VFIO_DEVICE_STATE_PRE_COPY && next == VFIO_DEVICE_STATE_PRE_COPY_P2P)
		return NULL;

	/*
	 * "This arc allows returning the device to a full RUNNING behavior while
	 * continuing all the behaviors of PRE_COPY."
	 */
	if (cur == VFIO_DEVICE_STATE_PRE_COPY_P2P && next == VFIO_DEVICE_STATE_PRE_COPY)
		return NULL;

	/*
	 * "The device must not generate interrupts, DMA, or any other change to
	 * external state. It must not change its internal state." By itself it
	 * does not. "Failure by the user to restrict device access while in
	 * STOP" does no harm as long as no stream depends on the memory, so
	 * writes are still taken (but see STOP -> STOP_COPY, STOP -> RESUMING).
	 */
	if (cur == VFIO_DEVICE_STATE_RUNNING_P2P && next == VFIO_DEVICE_STATE_STOP)
		return NULL;

	/* The same, without P2P. */
	if (cur == VFIO_DEVICE_STATE_RUNNING && next == VFIO_DEVICE_STATE_STOP)
		return NULL;

	/* "The device is partially running" again: nothing to start. */
	if (cur == VFIO_DEVICE_STATE_STOP && next == VFIO_DEVICE_STATE_RUNNING_P2P)
		return NULL;

	/* "The device is fully operational", without P2P. */
	if (cur == VFIO_DEVICE_STATE_STOP && next == VFIO_DEVICE_STATE_RUNNING)
		return NULL;

	/*
	 * "These arcs begin the process of saving the device state and will
	 * return a new data_fd. The migration driver may perform actions such as
	 * enabling dirty logging of device state". "Each arc does not change the
	 * device operation".
	 */
	if (cur == VFIO_DEVICE_STATE_RUNNING && next == VFIO_DEVICE_STATE_PRE_COPY)
		return start_saving(idev, false);

	/* The same in P2P. */
	if (cur == VFIO_DEVICE_STATE_RUNNING_P2P && next == VFIO_DEVICE_STATE_PRE_COPY_P2P)
		return start_saving(idev, false);

	/* "The PRE_COPY arc will terminate a data transfer session." */
	if (cur == VFIO_DEVICE_STATE_PRE_COPY && next == VFIO_DEVICE_STATE_RUNNING) {
		end_sessions(idev);
		return NULL;
	}

	/* "The PRE_COPY_P2P arc will terminate a data transfer session." */
	if (cur == VFIO_DEVICE_STATE_PRE_COPY_P2P && next == VFIO_DEVICE_STATE_RUNNING_P2P) {
		end_sessions(idev);
		return NULL;
	}

	/*
	 * The states of the saving group "share a data transfer session. Moving
	 * between these states alters what is streamed in session, but does not
	 * terminate or otherwise affect the associated fd": what is left of the
	 * initial and dirty data follows there, and the END record. No write to
	 * the BAR may come after that (bar.c); those under way are waited for.
	 * "ENOMSG may not be returned in STOP_COPY": so the stream learns of it
	 * before we return, and whoever waits for data is woken.
	 */
	if ((cur == VFIO_DEVICE_STATE_PRE_COPY || cur == VFIO_DEVICE_STATE_PRE_COPY_P2P) &&
	    next == VFIO_DEVICE_STATE_STOP_COPY) {
		ivshmem_bar_freeze(idev, true);
		spin_lock(&idev->lock);
		idev->saving->stopped = true;
		wake_up_interruptible_poll(&idev->saving->poll_wait, EPOLLIN | EPOLLRDNORM);
		spin_unlock(&idev->lock);
		return NULL;
	}

	/*
	 * One of "these arcs" that "begin the process of saving", here without
	 * pre-copy: the whole BAR, then the END record. "End of stream on the FD
	 * indicates the entire device state has been transferred."
	 */
	if (cur == VFIO_DEVICE_STATE_STOP && next == VFIO_DEVICE_STATE_STOP_COPY) {
		struct file *filp = start_saving(idev, true);

		if (!IS_ERR(filp))
			ivshmem_bar_freeze(idev, true);
		return filp;
	}

	/*
	 * "The STOP_COPY arc will terminate a data transfer session", drained or
	 * not.
	 */
	if (cur == VFIO_DEVICE_STATE_STOP_COPY && next == VFIO_DEVICE_STATE_STOP) {
		end_sessions(idev);
		ivshmem_bar_freeze(idev, false);
		return NULL;
	}

	/*
	 * "Entering the RESUMING state starts a process of restoring the device
	 * state and will return a new data_fd." The stream is written to the BAR
	 * as it arrives; until it is complete, the memory is of neither device.
	 */
	if (cur == VFIO_DEVICE_STATE_STOP && next == VFIO_DEVICE_STATE_RESUMING) {
		struct file *filp = start_resuming(idev);

		if (!IS_ERR(filp))
			ivshmem_bar_freeze(idev, true);
		return filp;
	}

	/*
	 * "If the user provided data is found to be incomplete, inconsistent,
	 * or otherwise invalid, the migration driver must fail the SET_STATE
	 * ioctl and optionally go to the ERROR state". It stays in RESUMING,
	 * which is the truth: a device that is being loaded. A stream that is
	 * merely short can still be completed; otherwise, "to abort a RESUMING
	 * session the device must be reset."
	 */
	if (cur == VFIO_DEVICE_STATE_RESUMING && next == VFIO_DEVICE_STATE_STOP) {
		bool complete;

		/* no write() is half way between checking and applying */
		mutex_lock(&idev->access);
		spin_lock(&idev->lock);
		complete = idev->resuming->complete;
		spin_unlock(&idev->lock);
		if (complete)
			kill_sessions(idev);
		mutex_unlock(&idev->access);
		if (!complete)
			return ERR_PTR(-EINVAL);

		forget_sessions(idev);
		ivshmem_bar_freeze(idev, false);
		return NULL;
	}

	/* vfio_mig_get_next_state() knows no other */
	WARN_ON(true);
	return ERR_PTR(-EINVAL);
}

/* Requests */

void ivshmem_state_lock(struct ivshmem_device *idev)
{
	mutex_lock(&idev->state_mutex);
}

static void do_reset(struct ivshmem_device *idev)
{
	lockdep_assert_held(&idev->state_mutex);
	kill_sessions(idev);
	forget_sessions(idev);
	/* no barrier: a write that still finds it set is merely refused */
	WRITE_ONCE(idev->frozen, false);
	idev->state = VFIO_DEVICE_STATE_RUNNING;
}

/*
 * Every unlock of state_mutex is here: what a reset found locked, it left to
 * the holder. reset_lock closes the gap between looking and unlocking.
 */
void ivshmem_state_unlock(struct ivshmem_device *idev)
{
	for (;;) {
		spin_lock(&idev->reset_lock);
		if (!idev->deferred_reset)
			break;
		idev->deferred_reset = false;
		spin_unlock(&idev->reset_lock);
		do_reset(idev);
	}
	mutex_unlock(&idev->state_mutex);
	spin_unlock(&idev->reset_lock);
}

/*
 * The device is about to be reset, by whatever means: from here on nothing
 * that a stream reads from it is worth anything.
 */
void ivshmem_reset_prepare(struct ivshmem_device *idev)
{
	kill_sessions(idev);
}

/*
 * A reset is what brings the device "back to RUNNING" from any state. The core
 * holds memory_lock for write, and a holder of state_mutex may be waiting for
 * it (see ivshmem.h): so do not wait here.
 */
void ivshmem_reset_done(struct ivshmem_device *idev)
{
	spin_lock(&idev->reset_lock);
	idev->deferred_reset = true;
	if (!mutex_trylock(&idev->state_mutex)) {
		spin_unlock(&idev->reset_lock);
		return;
	}
	spin_unlock(&idev->reset_lock);
	ivshmem_state_unlock(idev);
}

void ivshmem_state_open(struct ivshmem_device *idev)
{
	ivshmem_state_lock(idev);
	idev->state = VFIO_DEVICE_STATE_RUNNING;
	WRITE_ONCE(idev->frozen, false);
	ivshmem_state_unlock(idev);
}

void ivshmem_state_close(struct ivshmem_device *idev)
{
	ivshmem_state_lock(idev);
	end_sessions(idev);
	idev->state = VFIO_DEVICE_STATE_RUNNING;
	ivshmem_state_unlock(idev);
}

/*
 * "The kernel migration driver must fully transition the device to the new
 * state value before the operation returns to the user." On failure the device
 * is in the last state that was reached.
 */
struct file *ivshmem_state_go(struct ivshmem_device *idev, enum vfio_device_mig_state new_state)
{
	struct vfio_device *vdev = &idev->core.vdev;
	enum vfio_device_mig_state next;
	struct file *res = NULL;
	int ret;

	ivshmem_state_lock(idev);
	while (new_state != idev->state) {
		ret = vfio_mig_get_next_state(vdev, idev->state, new_state, &next);
		if (ret) {
			res = ERR_PTR(ret);
			break;
		}
		res = ivshmem_step_locked(idev, next);
		if (IS_ERR(res))
			break;
		idev->state = next;
		/* only the last arc of a path starts a session */
		if (WARN_ON(res && new_state != idev->state)) {
			fput(res);
			res = ERR_PTR(-EINVAL);
			break;
		}
	}
	ivshmem_state_unlock(idev);
	return res;
}

static struct file *ivshmem_set_state(struct vfio_device *vdev,
				      enum vfio_device_mig_state new_state)
{
	return ivshmem_state_go(to_ivshmem(vdev), new_state);
}

enum vfio_device_mig_state ivshmem_state_get(struct ivshmem_device *idev)
{
	enum vfio_device_mig_state state;

	ivshmem_state_lock(idev);
	state = idev->state;
	ivshmem_state_unlock(idev);
	return state;
}

static int ivshmem_get_state(struct vfio_device *vdev, enum vfio_device_mig_state *state)
{
	*state = ivshmem_state_get(to_ivshmem(vdev));
	return 0;
}

/*
 * "The estimated data length that will be required to complete stop copy", in
 * any state: in a saving session exactly what read() has yet to return if the
 * device stopped now; without one, the whole stream.
 */
unsigned long ivshmem_state_left(struct ivshmem_device *idev)
{
	struct ivshmem_track *track = &idev->track;
	unsigned long left;

	spin_lock(&idev->lock);
	if (track->active)
		left = track->initial_bytes + track->dirty_bytes + track->end_bytes;
	else
		left = ivshmem_track_full_bytes(idev);
	spin_unlock(&idev->lock);
	return left;
}

static int __maybe_unused ivshmem_get_data_size(struct vfio_device *vdev,
						unsigned long *stop_copy_length)
{
	*stop_copy_length = ivshmem_state_left(to_ivshmem(vdev));
	return 0;
}

const struct vfio_migration_ops ivshmem_mig_ops = { .migration_set_state = ivshmem_set_state,
						    .migration_get_state = ivshmem_get_state,
						    IVSHMEM_DATA_SIZE_OP(ivshmem_get_data_size) };
