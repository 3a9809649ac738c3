"""What each family of GitHub events is about, and how a sentence speaks of it: a row a family, a line a verb.

Braces hold paths into the payload: `{issue.title}`; `{release.name|release.tag_name}` takes the first that is there;
`{sha:7}` its first seven characters. A path through a list joins what it finds. Sentences may also use `{who}` (the
sender), `{thing}`, `{place}` (" in owner/repository"), `{deed}` (the action in words) and `{state}` (how a run ended,
or where it is).
"""

from dataclasses import dataclass

PULL_REQUEST = 'pull request #{pull_request.number} "{pull_request.title}"'
ISSUE = 'issue #{issue.number} "{issue.title}"'
DISCUSSION = 'discussion #{discussion.number} "{discussion.title}"'


@dataclass(frozen=True, slots=True)
class Family:
    """`about`: the key of the object that the event is about. `text`: the path of what was written, the body to be.

    `did` is the verb where a payload has no action; `says` the whole sentence, where no person is its subject. `link`
    is the page to open, where the object has no `html_url`.
    """

    category: str
    about: str
    thing: str = ""
    did: str = ""
    says: str = ""
    link: str = ""
    text: str = ""


FAMILIES: dict[str, Family] = {
    "branch_protection_rule": Family("code", "rule", 'branch protection rule "{rule.name}"'),
    "check_run": Family("builds", "check_run", says="Check run {check_run.name}{place}: {state}"),
    "check_suite": Family(
        "builds", "check_suite", says="Checks of {check_suite.app.name} on {check_suite.head_branch}{place}: {state}"
    ),
    "code_scanning_alert": Family(
        "security", "alert", says="Code scanning alert #{alert.number} {deed}{place}: {alert.rule.description}"
    ),
    "commit_comment": Family("reviews", "comment", "a comment on commit {comment.commit_id:7}", text="comment.body"),
    "create": Family("code", "", did="created {ref_type} {ref}", text="description"),
    "delete": Family("code", "", did="deleted {ref_type} {ref}"),
    "dependabot_alert": Family(
        "security",
        "alert",
        says="Dependabot alert #{alert.number} {deed}{place}: {alert.security_advisory.summary}",
        text="alert.security_advisory.description",
    ),
    "deploy_key": Family("security", "key", 'deploy key "{key.title}"'),
    "deployment": Family("deployments", "deployment", "a deployment of {deployment.ref} to {deployment.environment}"),
    "deployment_review": Family("deployments", "workflow_run", "the deployment to {environment}"),
    "deployment_status": Family(
        "deployments",
        "deployment_status",
        says="Deployment to {deployment_status.environment|deployment.environment}{place}: {state}",
        link="{deployment_status.target_url}",
        text="deployment_status.description",
    ),
    "discussion": Family("discussions", "discussion", DISCUSSION, text="discussion.body"),
    "discussion_comment": Family("discussions", "comment", f"a comment on {DISCUSSION}", text="comment.body"),
    "fork": Family("repositories", "forkee", did="forked {repository.full_name} to {forkee.full_name}"),
    "github_app_authorization": Family("account", "", "the authorization of the app"),
    "gollum": Family("code", "", did='edited the wiki page "{pages.title}"', link="{pages.html_url}"),
    "installation": Family("account", "installation", "the app for {installation.account.login}"),
    "installation_repositories": Family("account", "installation", "repositories"),
    "issue_comment": Family("issues", "comment", f"a comment on {ISSUE}", text="comment.body"),
    "issues": Family("issues", "issue", ISSUE, text="issue.body"),
    "label": Family("issues", "label", 'label "{label.name}"'),
    "marketplace_purchase": Family("account", "marketplace_purchase", "plan {marketplace_purchase.plan.name}"),
    "member": Family("people", "member", "collaborator {member.login}"),
    "membership": Family("people", "team", "{member.login}"),
    "merge_group": Family(
        "reviews", "merge_group", "the merge group into {merge_group.base_ref}", text="merge_group.head_commit.message"
    ),
    "meta": Family("account", "hook", "the webhook"),
    "milestone": Family("issues", "milestone", 'milestone "{milestone.title}"', text="milestone.description"),
    "org_block": Family("people", "blocked_user", "{blocked_user.login}"),
    "organization": Family("people", "organization", "organization {organization.login}"),
    "package": Family("releases", "package", "package {package.name} {package.package_version.version:20}"),
    "page_build": Family("builds", "build", says="GitHub Pages{place}: {state}", text="build.error.message"),
    "ping": Family("account", "hook", says="The webhook works{place}: {zen}"),
    "project": Family("projects", "project", 'project "{project.name}"', text="project.body"),
    "project_card": Family("projects", "project_card", "a project card", text="project_card.note"),
    "project_column": Family("projects", "project_column", 'project column "{project_column.name}"'),
    "projects_v2_item": Family(
        "projects", "projects_v2_item", "a project item", link="https://github.com/orgs/{organization.login}/projects"
    ),
    "public": Family("repositories", "", did="made {repository.full_name} public"),
    "pull_request": Family("reviews", "pull_request", PULL_REQUEST, text="pull_request.body"),
    "pull_request_review": Family("reviews", "review", PULL_REQUEST, text="review.body"),
    "pull_request_review_comment": Family("reviews", "comment", f"a comment on {PULL_REQUEST}", text="comment.body"),
    "pull_request_review_thread": Family("reviews", "pull_request", f"a thread on {PULL_REQUEST}"),
    "push": Family("code", "", "{ref}", did="pushed to {thing}", link="{compare}", text="commits.message"),
    "release": Family("releases", "release", "release {release.name|release.tag_name}", text="release.body"),
    "repository": Family("repositories", "repository", "{repository.full_name}"),
    "repository_dispatch": Family("builds", "", says='{who} sent the event "{action}"{place}'),
    "repository_import": Family("repositories", "", says="Import of {repository.full_name}: {status}"),
    "repository_vulnerability_alert": Family(
        "security",
        "alert",
        says="Vulnerability alert {deed}{place}: {alert.affected_package_name} {alert.affected_range}",
        link="{alert.external_reference}",
    ),
    "security_advisory": Family(
        "security",
        "security_advisory",
        says="Security advisory {security_advisory.ghsa_id} {deed}: {security_advisory.summary}",
        link="https://github.com/advisories/{security_advisory.ghsa_id}",
        text="security_advisory.description",
    ),
    "sponsorship": Family(
        "account",
        "sponsorship",
        "the sponsorship of {sponsorship.sponsorable.login}",
        link="{sponsorship.sponsorable.html_url}",
    ),
    "star": Family("repositories", "", "{repository.full_name}"),
    "status": Family(
        "builds",
        "commit",
        says='Status "{context}" of commit {sha:7}{place}: {state}',
        link="{target_url|commit.html_url}",
        text="description",
    ),
    "team": Family("people", "team", "team {team.name}"),
    "team_add": Family("people", "team", did="gave team {team.name} access to {repository.full_name}"),
    "watch": Family("repositories", "", "watching {repository.full_name}"),
    "workflow_dispatch": Family("builds", "", did="started {workflow} on {ref}"),
    "workflow_job": Family("builds", "workflow_job", says="Job {workflow_job.name}{place}: {state}"),
    "workflow_run": Family(
        "builds", "workflow_run", says="Workflow {workflow_run.name|workflow.name|workflow.path}{place}: {state}"
    ),
}

# What an action does to the thing; looked up as `family.action`, then as `action`. Others read as they are spelled.
PHRASES = {
    "answered": "marked an answer to {thing}",
    "assigned": "assigned {assignee.login} to {thing}",
    "category_changed": 'moved {thing} to "{discussion.category.name}"',
    "checks_requested": "asked for checks of {thing}",
    "commit_comment.created": "wrote {thing}",
    "converted_to_draft": "made {thing} a draft",
    "demilestoned": "took {thing} out of milestone {milestone.title}",
    "deployment_review.requested": "asked for approval of {thing}",
    "discussion_comment.created": "wrote {thing}",
    "forced": "force-pushed to {thing}",
    "installation.created": "installed {thing}",
    "installation.deleted": "uninstalled {thing}",
    "installation.new_permissions_accepted": "accepted new permissions of {thing}",
    "installation_repositories.added": "gave the app access to {repositories_added.full_name}",
    "installation_repositories.removed": "took {repositories_removed.full_name} from the app",
    "issue_comment.created": "wrote {thing}",
    "labeled": 'put the label "{label.name}" on {thing}',
    "membership.added": "added {thing} to team {team.name}",
    "membership.removed": "removed {thing} from team {team.name}",
    "milestoned": "put {thing} into milestone {milestone.title}",
    "organization.member_added": "added {membership.user.login} to {thing}",
    "organization.member_invited": "invited {user.login|invitation.email} to {thing}",
    "organization.member_removed": "removed {membership.user.login} from {thing}",
    "privatized": "made {thing} private",
    "publicized": "made {thing} public",
    "pull_request_review.dismissed": "dismissed a review of {thing}",
    "pull_request_review.edited": "edited a review of {thing}",
    "pull_request_review.submitted": "reviewed {thing} ({state})",
    "pull_request_review_comment.created": "wrote {thing}",
    "ready_for_review": "marked {thing} as ready for review",
    "review_request_removed": "no longer asks {requested_reviewer.login|requested_team.name} to review {thing}",
    "review_requested": "asked {requested_reviewer.login|requested_team.name} to review {thing}",
    "sponsorship.created": "became a sponsor of {sponsorship.sponsorable.login}: {sponsorship.tier.name}",
    "sponsorship.pending_tier_change": "will change {thing} to {sponsorship.tier.name}",
    "star.created": "starred {thing}",
    "star.deleted": "unstarred {thing}",
    "synchronize": "pushed to {thing}",
    "team.added_to_repository": "gave {thing} access to {repository.full_name}",
    "team.removed_from_repository": "took {repository.full_name} from {thing}",
    "unanswered": "withdrew the answer to {thing}",
    "unassigned": "unassigned {assignee.login} from {thing}",
    "unresolved": "reopened {thing}",
    "unlabeled": 'took the label "{label.name}" off {thing}',
}

# Actions that GitHub spells as commands, or that read better otherwise.
PAST = {
    "create": "created",
    "dismiss": "dismissed",
    "resolve": "resolved",
    "reopened_by_user": "reopened",
    "closed_by_user": "closed",
    "suspend": "suspended",
    "unsuspend": "unsuspended",
}

# Actions by which something was written; with others the text would only be repeated.
WRITING = {"", "created", "edited", "opened", "prereleased", "published", "released", "submitted"}
