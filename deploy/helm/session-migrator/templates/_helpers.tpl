{{/* Names, labels and the parts that all Deployments share. `.component` is gateway, controller, redirector or metadata. */}}

{{- define "migrator.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "migrator.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* (list root component) */}}
{{- define "migrator.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "migrator.controlImage" -}}
{{ .Values.image.control }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "migrator.federationSecret" -}}
{{ .Values.federation.existingSecret | default (printf "%s-federation" (include "migrator.name" .)) }}
{{- end }}

{{- define "migrator.storeSecret" -}}
{{- if .Values.store.existingSecret }}{{ .Values.store.existingSecret }}
{{- else if .Values.store.accessKey }}{{ include "migrator.name" . }}-store{{ end }}
{{- end }}

{{/* What the "restricted" Pod Security Standard wants. */}}
{{- define "migrator.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "migrator.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* A Python literal: JSON is one but for true, false and null. */}}
{{- define "migrator.python" -}}
{{- if kindIs "bool" . }}{{ ternary "True" "False" . }}
{{- else if kindIs "invalid" . }}None
{{- else if kindIs "map" . }}{ {{- range $key, $value := . }}{{ $key | toJson }}: {{ include "migrator.python" $value }}, {{ end -}} }
{{- else if kindIs "slice" . }}[ {{- range . }}{{ include "migrator.python" . }}, {{ end -}} ]
{{- else }}{{ . | toJson }}{{ end }}
{{- end }}

{{/* (list root component): one service's Deployment and its budget. */}}
{{- define "migrator.deployment" -}}
{{- $root := index . 0 }}{{ $component := index . 1 }}
{{- $values := index $root.Values $component }}
{{- $name := include "migrator.name" $root }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}-{{ $component }}
  labels:
    {{- include "migrator.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $component }}
spec:
  replicas: {{ $values.replicas }}
  selector:
    matchLabels: {{- include "migrator.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  template:
    metadata:
      labels:
        {{- include "migrator.selector" . | nindent 8 }}
        {{- if eq $component "controller" }}
        hub.jupyter.org/network-access-hub: "true"
        hub.jupyter.org/network-access-proxy-api: "true"
        hub.jupyter.org/network-access-singleuser: "true"
        {{- end }}
      annotations:
        checksum/config: {{ include (print $root.Template.BasePath "/config.yaml") $root | sha256sum }}
    spec:
      serviceAccountName: {{ $name }}-{{ eq $component "controller" | ternary "controller" "none" }}
      automountServiceAccountToken: {{ eq $component "controller" }}
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      {{- with $root.Values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      securityContext: {{- include "migrator.podSecurity" $root | nindent 8 }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "migrator.selector" . | nindent 14 }}
      containers:
        - name: {{ $component }}
          image: {{ include "migrator.controlImage" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [migrator, {{ $component }}, --config, /etc/migrator/{{ $component }}.py]
          ports:
            - {name: http, containerPort: 8080}
            {{- if eq $component "controller" }}
            - {name: holding, containerPort: 8081}
            {{- end }}
          env:
            - name: POD_NAME
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
            - name: POD_NAMESPACE
              valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
            - name: POD_IP
              valueFrom: {fieldRef: {fieldPath: status.podIP}}
            {{- with include "migrator.storeSecret" $root }}
            - name: AWS_ACCESS_KEY_ID
              valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_ACCESS_KEY_ID}}
            - name: AWS_SECRET_ACCESS_KEY
              valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_SECRET_ACCESS_KEY}}
            {{- end }}
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 1
            failureThreshold: 120
          readinessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 5
            timeoutSeconds: 10
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 20
            timeoutSeconds: 10
            failureThreshold: 6
          resources: {{- toYaml $values.resources | nindent 12 }}
          securityContext: {{- include "migrator.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            - {name: config, mountPath: /etc/migrator, readOnly: true}
            - {name: secrets, mountPath: /run/migrator, readOnly: true}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: config
          configMap: {name: {{ $name }}}
        - name: secrets
          projected:
            defaultMode: 0440
            sources:
              - secret:
                  name: {{ include "migrator.federationSecret" $root }}
                  items: [{key: secret, path: federation}]
              {{- if eq $component "controller" }}
              - secret:
                  name: {{ $root.Values.hub.tokenSecret.name }}
                  items: [{key: {{ $root.Values.hub.tokenSecret.key }}, path: hub}]
              - secret:
                  name: {{ $root.Values.proxy.tokenSecret.name }}
                  items: [{key: {{ $root.Values.proxy.tokenSecret.key }}, path: proxy}]
              - secret:
                  name: {{ $name }}-notices
                  items: [{key: secret, path: notices}]
              {{- end }}
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
      {{- with $root.Values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}-{{ $component }}
  labels: {{- include "migrator.labels" $root | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "migrator.selector" . | nindent 6 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}-{{ $component }}
  labels:
    {{- include "migrator.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ $component }}
spec:
  type: {{ $values.service.type }}
  {{- with $values.service.clusterIP }}
  clusterIP: {{ . }}
  {{- end }}
  selector: {{- include "migrator.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ $values.service.port }}
      targetPort: http
      {{- with $values.service.nodePort }}
      nodePort: {{ . }}
      {{- end }}
{{- end }}
